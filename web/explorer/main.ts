import "./styles/base.css";
import "./styles/home.css";
import "./styles/top.css";
import "./styles/graph.css";
import "./styles/panels.css";

import { App } from "./app";

void new App().start();
